(defproject jepsen.quorate "0.1.0"
  :description "Jepsen tests of Quorate, a MySQL-compatible replicated database"
  :license {:name "Apache-2.0"
            :url  "https://www.apache.org/licenses/LICENSE-2.0"}
  :dependencies [[org.clojure/clojure "1.12.5"]
                 [jepsen "0.3.13"]
                 [com.github.seancorfield/next.jdbc "1.3.1070"]
                 [org.mariadb.jdbc/mariadb-java-client "3.5.6"]]
  :main jepsen.quorate.core
  :jvm-opts ["-Djava.awt.headless=true"
             "-server"])
